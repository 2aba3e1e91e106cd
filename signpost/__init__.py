"""The domain of Signpost: what a run is, who may sign it, and what is posted."""
