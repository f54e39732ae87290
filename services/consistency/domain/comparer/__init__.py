"""What two messages say to each other, judged by a trained model: the layer for what no word list has."""
