"""What runs the platform: the embedded supervisor, migrations, charts."""
