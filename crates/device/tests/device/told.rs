//! What somebody is told outside of the app, chosen on a device and kept with the account.

use soko_app_api::{
    BrowserKeys, DeviceReply, DeviceVerb, MessagesReply, MessagesVerb, OwnTelephone, QuietHours, Wishes,
};
use soko_domain::ids::ThingId;

use crate::world::*;

async fn ask(shell: &Shell, verb: MessagesVerb) -> MessagesReply {
    match shell.device(DeviceVerb::Messages(verb)).await {
        DeviceReply::Messages(reply) => reply,
        other => panic!("{other:?}"),
    }
}

async fn wishes(shell: &Shell, verb: MessagesVerb) -> Wishes {
    match ask(shell, verb).await {
        MessagesReply::Wishes(wishes) => *wishes,
        other => panic!("{other:?}"),
    }
}

fn wants(wishes: &Wishes, way: &str, topic: &str) -> Option<bool> {
    let way = wishes.channels.iter().find(|it| it.channel == way)?;
    way.topics.iter().find(|(name, _)| name == topic).map(|(_, wanted)| *wanted)
}

#[test]
fn a_window_keeps_the_quiet_hours_that_were_chosen_on_a_phone() {
    on_one_thread(async {
        const MINUTE_MS: i64 = 60_000;
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let phone = Shell::open(&folder.path().join("phone"));
        phone.sign_up(&server, "amina@example.org").await;
        // From an hour ago to an hour from now, by the clock of both.
        let minute = right_ms() / MINUTE_MS;
        let clock =
            |minute: i64| format!("{:02}:{:02}", minute.rem_euclid(1_440) / 60, minute.rem_euclid(60));
        let quiet = QuietHours {
            is_on: true,
            from: clock(minute - 60),
            to: clock(minute + 60),
            zone: "UTC".into(),
            urgent_rings: true,
        };
        wishes(&phone, MessagesVerb::KeepQuiet(quiet.clone())).await;

        let ways = Ways { rings: true, ..Ways::default() };
        let window = Shell::open_so(&folder.path().join("window"), ways);
        window.device(DeviceVerb::UseServer { server: server.url() }).await;
        assert_eq!(window.device.quiet_left_ms(false), None, "nobody is signed in");
        let sign_in = DeviceVerb::SignIn { email: "amina@example.org".into(), password: PASSWORD.into() };
        window.device(sign_in).await;
        let left_ms = window.until("the quiet hours", async || window.device.quiet_left_ms(false)).await;
        assert!((50 * 60_000..=60 * 60_000).contains(&left_ms), "{left_ms} ms");
        assert_eq!(window.device.quiet_left_ms(true), None, "what cannot wait rings");
        // Chosen on the window itself, they hold at once, and without the server.
        let strict = QuietHours { urgent_rings: false, ..quiet };
        wishes(&window, MessagesVerb::KeepQuiet(strict)).await;
        drop(server);
        assert!(window.device.quiet_left_ms(true).is_some());
        window.device(DeviceVerb::SignOut).await;
        assert_eq!(window.device.quiet_left_ms(false), None, "they were somebody's");
    });
}

#[test]
fn wishes_are_an_accounts_on_every_device_and_a_browser_is_one_sessions() {
    on_one_thread(async {
        let folder = tempfile::tempdir().unwrap();
        let server = Running::start(&folder.path().join("server"));
        let (phone, tablet) = (Shell::open(&folder.path().join("a")), Shell::open(&folder.path().join("b")));
        phone.sign_up(&server, "amina@example.org").await;
        tablet.device(DeviceVerb::UseServer { server: server.url() }).await;
        let look = DeviceVerb::Messages(MessagesVerb::Look);
        assert_eq!(tablet.device_refused(look).await, "not_signed_in");

        let first = wishes(&phone, MessagesVerb::Look).await;
        assert_eq!((first.push_key.as_str(), first.sells, first.quiet.is_on), (PUSH_KEY, false, false));
        assert_eq!(wants(&first, "push", "order-ready"), Some(true));
        let want =
            |wanted| MessagesVerb::Want { channel: "push".into(), topic: "order-ready".into(), wanted };
        assert_eq!(wants(&wishes(&phone, want(false)).await, "push", "order-ready"), Some(false));
        let quiet = QuietHours {
            is_on: true,
            from: "21:30".into(),
            to: "06:00".into(),
            zone: "Africa/Nairobi".into(),
            urgent_rings: false,
        };
        assert_eq!(wishes(&phone, MessagesVerb::KeepQuiet(quiet.clone())).await.quiet, quiet);

        // A browser that shows notifications is known on every device, and gone with its session.
        let keys = BrowserKeys {
            endpoint: "http://127.0.0.1:9/send/1".into(),
            p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
                .into(),
            auth: "BTBZMqHH6r4Tts7J_aSIgg".into(),
            name: "Chrome, Android".into(),
        };
        let MessagesReply::Listening(browser) = ask(&phone, MessagesVerb::Listen(keys)).await else {
            panic!("it is not told which it is")
        };
        let sign_in = DeviceVerb::SignIn { email: "amina@example.org".into(), password: PASSWORD.into() };
        tablet.device(sign_in).await;
        let seen = wishes(&tablet, MessagesVerb::Look).await;
        assert_eq!((wants(&seen, "push", "order-ready"), &seen.quiet), (Some(false), &quiet));
        assert_eq!(seen.browsers.iter().map(|it| it.browser).collect::<Vec<ThingId>>(), [browser]);
        let test = |channel: &str| MessagesVerb::Test { channel: channel.into() };
        assert_eq!(tablet.device_refused(DeviceVerb::Messages(test("mail"))).await, "no_channel");
        assert_eq!(ask(&tablet, test("push")).await, MessagesReply::Done);
        // This server texts nobody.
        assert_eq!(seen.telephone, OwnTelephone::default());
        let number = MessagesVerb::Text { number: "+254712345678".into() };
        assert_eq!(tablet.device_refused(DeviceVerb::Messages(number)).await, "no_channel");
        let code = MessagesVerb::Confirm { code: "123456".into() };
        assert_eq!(tablet.device_refused(DeviceVerb::Messages(code)).await, "telephone_code_over");
        assert_eq!(ask(&tablet, MessagesVerb::StopTexting).await, MessagesReply::Done);
        let MessagesReply::Log(log) = ask(&tablet, MessagesVerb::Log).await else { panic!("no log") };
        let rows: Vec<_> = log.iter().map(|row| (row.topic.as_str(), row.browser.as_str())).collect();
        assert_eq!(rows, [("test", "Chrome, Android")]);
        phone.device(DeviceVerb::SignOut).await;
        assert_eq!(wishes(&tablet, MessagesVerb::Look).await.browsers, []);
        assert_eq!(ask(&tablet, MessagesVerb::StopListening(browser)).await, MessagesReply::Done);
    });
}
