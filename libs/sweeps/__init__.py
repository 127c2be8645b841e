"""Sweeps as more than the expiry service knows them: boundaries ahead, what lapses at one, and how far each is."""
