"""Tests of libs.scenarios."""
