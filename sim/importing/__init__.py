"""Models of other frameworks as equations: what torch.export or ONNX holds, one timestep of it, its axes, its text."""
