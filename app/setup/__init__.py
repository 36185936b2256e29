"""Setting the app up: five steps, and how far the owner has come with them."""
