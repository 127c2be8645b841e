"""Tests: the embedded platform, without servers."""
