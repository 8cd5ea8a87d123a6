"""The local web page: live picture, bars, timeline, alerts. Nothing here is even imported without `--preview`."""
