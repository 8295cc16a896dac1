use super::records;

records! {
    /// What a search found (`search`).
    Found {
        /// Its id, of the kind that was searched for.
        id: i32,
        /// Its name.
        name: String,
    }
}
