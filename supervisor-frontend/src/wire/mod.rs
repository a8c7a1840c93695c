//! Every HTTP body: how requests are read and parsed, and what answers look like.

pub mod app_state;
pub mod body;
pub mod form;
pub mod json;
pub mod plain_text;
pub mod request;
pub mod response;
pub mod service_choice;
pub mod state_status;
