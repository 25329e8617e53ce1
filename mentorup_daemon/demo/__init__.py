"""The whole story on embedded servers and made-up people, with a clock that the story moves."""
