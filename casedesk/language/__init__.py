"""Asking a language model: what it is asked, how it is reached, and what of its answer is believed."""
