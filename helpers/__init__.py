"""Plumbing of the book: data, plots, checks, results and execution."""
