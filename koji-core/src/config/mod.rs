//! Configuration files, as Koji's programs read them: [`Ini`] is the file format, [`Profile`] the client's settings.

mod ini;
mod interpolation;
mod limits;
mod profile;
mod reader;

pub use ini::{ConfigSource, Ini, Section};
pub use limits::ResourceLimit;
pub use profile::{AuthType, Profile, ProfileSources};
