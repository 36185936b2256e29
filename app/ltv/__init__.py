"""What a customer is worth: models of buying, dropping out and spending."""
