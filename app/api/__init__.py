"""What the pages show, for machines: read only, with a key that the owner makes."""
