//! The cloud client between a cloud that is played and a core that is played.

mod apply;
mod poll;
mod stage;
mod trouble;
mod variables;
