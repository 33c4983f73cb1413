//! The texts of a product: which there are.

/// A text of a product that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Text {
    Name,
    /// Codes: of the maker, of the seller, of a scanner.
    Model,
    Brand,
    Tags,
    /// Values of attributes and specifications.
    Attributes,
    Description,
}

impl Text {
    pub(crate) const ALL: [Self; 6] =
        [Self::Name, Self::Model, Self::Brand, Self::Tags, Self::Attributes, Self::Description];
    pub(crate) const COUNT: usize = Self::ALL.len();

    /// What its field is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Model => "model",
            Self::Brand => "brand",
            Self::Tags => "tags",
            Self::Attributes => "attributes",
            Self::Description => "description",
        }
    }
}
