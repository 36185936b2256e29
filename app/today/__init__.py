"""Today: is it healthy, and what has it done?"""
