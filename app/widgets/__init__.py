"""What stands beside an order, a draft, a product or a voucher, and on the Dashboard's home."""
