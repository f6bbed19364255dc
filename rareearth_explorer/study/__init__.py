"""What can be measured on labelled patches: the paper's figures, and which scorer to use."""
