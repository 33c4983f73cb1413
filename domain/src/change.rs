//! A change of what may be missing.

/// What becomes of an optional field in a partial change: it stays, it goes, or it gets a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// As it is.
    #[default]
    Keep,
    /// Nothing from now on.
    Clear,
    /// This from now on.
    To(T),
}

impl<T: Clone> Change<T> {
    /// The field after the change.
    pub fn apply(&self, before: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => before.cloned(),
            Self::Clear => None,
            Self::To(value) => Some(value.clone()),
        }
    }
}

impl<T> From<Option<T>> for Change<T> {
    /// A value that is given, else no change.
    fn from(given: Option<T>) -> Self {
        given.map_or(Self::Keep, Self::To)
    }
}
