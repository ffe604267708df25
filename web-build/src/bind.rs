//! What wasm-bindgen makes of a compiled program: a script and the program that it loads.

use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

pub(crate) struct Bound {
    pub(crate) script: String,
    pub(crate) program: Vec<u8>,
}

/// The script loads the program under the name `NAME_bg.wasm`, next to itself.
pub(crate) fn bind(compiled: &Path, name: &str) -> Result<Bound, String> {
    let failed = |error: &dyn std::fmt::Display| format!("binding {}: {error}", compiled.display());
    let mut output = Bindgen::new()
        .input_path(compiled)
        .out_name(name)
        .web(true)
        .map_err(|error| failed(&error))?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .omit_default_module_path(false)
        .generate_output()
        .map_err(|error| failed(&format!("{error:#}")))?;
    if output.js().contains("snippets/") {
        return Err(failed(&"a dependency brings a script of its own, which would need a hashed name too"));
    }
    Ok(Bound { script: output.js().to_owned(), program: output.wasm_mut().emit_wasm() })
}
