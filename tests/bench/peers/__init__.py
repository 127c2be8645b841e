"""What the platform is measured beside: others that read the same records under the same rules, without a database.

They import nothing of the platform and next to nothing of anybody else, as each may live in an environment of its own.
"""
