//! Telling of imports.

use super::CallbackType;
use crate::call::Call;

/// Whether a plugin wants to hear of imports, before or after them. What takes work to gather is gathered only then.
pub(crate) fn hears_of_imports(cx: &Call<'_>) -> bool {
    cx.tells(CallbackType::PreImport) || cx.tells(CallbackType::PostImport)
}
