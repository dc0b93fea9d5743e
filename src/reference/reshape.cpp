// A view has the elements of its operand. No backend computes it, so there is nothing to define.
