"""The templates of a programme: published versions, where they lie, and what agencies send."""
