"""What wanders: covariance in time, its variances, forecasts, shocks of regions."""
