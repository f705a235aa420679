"""How easily a model's answer is bent: by weather, lens and sensor."""
