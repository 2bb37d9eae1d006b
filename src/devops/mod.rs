//! The whole pipeline on a laptop: `run`, `serve`, `explain`, `config`, `completions`, `man`.
