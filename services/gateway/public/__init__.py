"""Pages for anybody, of programmes that say so."""
