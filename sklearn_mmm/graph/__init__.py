"""The graph of influences among the channels."""
