//! Who may call: the API key, where it is kept, and where a request may carry it.

pub mod api_key;
pub mod credentials;
pub mod key_file;
pub mod key_ring;
