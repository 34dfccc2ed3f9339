"""Crispness: a loss on the features of a trained classifier, and a discriminator."""
