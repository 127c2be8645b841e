"""What messages propose to one member: products by what is bought, and rewards that can be had."""
