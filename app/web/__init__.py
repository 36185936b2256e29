"""Door 3: a person looks. How a page is made, framed, worded and dressed."""
