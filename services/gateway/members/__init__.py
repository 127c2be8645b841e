"""What is known of a member: points, history, tiers, challenges, shopping; and what a merge would do."""
