"""What a year of somebody's habits would bring."""
