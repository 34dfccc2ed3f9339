"""Pictures in, labels out: the hierarchical Swin and Swin V2 classifiers."""
