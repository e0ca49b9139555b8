"""A layer laid onto a machine: costs, placement, streams of requests, what they wait for, what is kept on chip."""
