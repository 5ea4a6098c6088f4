"""Training: cases, synthesis of radiographs from label maps, losses, the loop and its checkpoints."""
