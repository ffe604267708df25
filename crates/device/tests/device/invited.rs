//! Whatever somebody types in the place of an invitation: the seeds of `fuzz/corpus/invitation`, and mistakes in them.

use std::path::PathBuf;

use soko_device::Invitation;
use soko_domain::ids::LogId;
use soko_domain::role::Role;

fn invitation() -> Invitation {
    Invitation {
        server: "https://market.example".into(),
        stall: LogId([7; 16]),
        role: Role::Cashier,
        code: "ABCD-EFGH-JKLM".into(),
    }
}

/// As it is made, as a person types it, and behind an address.
fn seeds() -> [String; 3] {
    let text = invitation().to_text();
    let typed = text.to_lowercase().replace("soko:", " ").replace('-', " ");
    [text.clone(), typed, format!("https://market.example/join#{text}")]
}

/// Says whether it is one; then it is that one however it is carried.
fn is_read(text: &str) -> bool {
    let Ok(read) = Invitation::read(text) else { return false };
    assert_eq!(Invitation::read(&read.to_text()), Ok(read), "{text}");
    true
}

#[test]
fn an_invitation_is_read_as_it_was_made_or_refused() {
    let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/invitation");
    for (number, seed) in seeds().into_iter().enumerate() {
        let file = kept.join(format!("{number:02}.bin"));
        if std::env::var_os("SOKO_BLESS").is_some() {
            std::fs::create_dir_all(&kept).unwrap();
            std::fs::write(&file, &seed).unwrap();
        }
        assert!(
            std::fs::read(&file).unwrap() == seed.as_bytes(),
            "{number}: set SOKO_BLESS=1 if that is meant"
        );
        assert_eq!(Invitation::read(&seed), Ok(invitation()));
        // Cut off, and each letter left out or another one: it is refused or the same, and nothing panics.
        for (at, letter) in seed.char_indices() {
            let rest = &seed[at + letter.len_utf8()..];
            is_read(&seed[..at]);
            is_read(&format!("{}{rest}", &seed[..at]));
            for other in ['0', 'Z', '-', '#', ' ', 'é', '\u{0}'] {
                is_read(&format!("{}{other}{rest}", &seed[..at]));
            }
        }
    }
    for none in ["", "soko:", "#", "soko:#soko:", "é", "sokö:00", "https://market.example/join"] {
        assert!(!is_read(none), "{none}");
    }
}
