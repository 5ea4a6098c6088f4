"""The two radiographs in the scene: what the user says about them, how they look, tools that help to say it."""
