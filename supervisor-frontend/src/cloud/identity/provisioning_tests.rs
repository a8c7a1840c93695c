use super::*;

const HERE: &str = "https://api.example.org";

fn drawn(number: u8) -> Drawn {
    Drawn { uuid: format!("uuid{number}"), key: DeviceKey::new(format!("key{number}")) }
}

/// What an image of the fleet has.
fn image() -> DeviceConfig {
    config(r#"{"apiKey":"provisioning","applicationId":1667,"deviceType":"intel-nuc","userId":2}"#)
}

fn config(text: &str) -> DeviceConfig {
    let (config, mistakes) = super::super::config_json::parse(text.as_bytes()).unwrap();
    assert!(mistakes.is_empty(), "{mistakes:?}");
    config
}

fn record(uuid: &str, key: &str, registered: bool) -> Record {
    Record {
        api_endpoint: HERE.to_owned(),
        uuid: uuid.to_owned(),
        key: DeviceKey::new(key.to_owned()),
        registered: registered.then_some(Registered { device_id: Some(7), at_s: 5 }),
    }
}

fn known(uuid: &str, key: &str, device_id: Option<u64>, at_s: u64) -> Known {
    let identity = Identity { uuid: uuid.to_owned(), key: DeviceKey::new(key.to_owned()), device_id };
    Known { identity, registered_at_s: Some(at_s) }
}

fn unregistered(config: DeviceConfig, record: Option<&Record>) -> Provisioning {
    match begin(HERE, config, record, drawn(1)) {
        Standing::Unregistered(provisioning) => *provisioning,
        other => panic!("{other:?}"),
    }
}

fn after(mut provisioning: Provisioning, heard: impl IntoIterator<Item = Heard>) -> Provisioning {
    for heard in heard {
        provisioning.heard(heard, 100, drawn(2));
    }
    provisioning
}

fn asked(provisioning: &Provisioning) -> (String, String) {
    match provisioning.step() {
        Step::Register(request) => (request.uuid, request.key.expose().to_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn device_that_its_config_names_is_known_without_a_step() {
    let config = config(r#"{"uuid":"77cb","deviceApiKey":"k","deviceId":3,"registered_at":9}"#);
    let standing = begin(HERE, config, Some(&record("other", "k2", true)), drawn(1));
    let Standing::Known(Known { identity, registered_at_s: None }) = standing else { panic!("{standing:?}") };
    assert_eq!((identity.uuid.as_str(), identity.key.expose(), identity.device_id), ("77cb", "k", Some(3)));
}

#[test]
fn device_that_was_registered_here_is_known_whatever_the_image_still_says() {
    for config in [image(), DeviceConfig::default(), DeviceConfig { uuid: Some("u".to_owned()), ..image() }] {
        let standing = begin(HERE, config, Some(&record("u", "k", true)), drawn(1));
        assert_eq!(standing, Standing::Known(known("u", "k", Some(7), 5)));
    }
}

#[test]
fn device_of_a_new_image_saves_what_it_drew_before_it_asks() {
    let provisioning = unregistered(image(), None);
    assert_eq!(provisioning.step(), Step::Save(record("uuid1", "key1", false)));
    let provisioning = after(provisioning, [Heard::Saved]);
    let Step::Register(request) = provisioning.step() else { panic!("{:?}", provisioning.step()) };
    assert_eq!((request.uuid.as_str(), request.key.expose()), ("uuid1", "key1"));
    assert_eq!(
        (request.application, request.user, request.device_type.as_str()),
        (1667, Some(2), "intel-nuc")
    );
    let provisioning =
        after(provisioning, [Heard::Registered { device_id: 7, key: DeviceKey::new("key1".to_owned()) }]);
    let kept = Record {
        registered: Some(Registered { device_id: Some(7), at_s: 100 }),
        ..record("uuid1", "key1", false)
    };
    assert_eq!(provisioning.step(), Step::Save(kept));
    let done = Step::Done(known("uuid1", "key1", Some(7), 100));
    assert_eq!(after(provisioning, [Heard::Saved]).step(), done);
}

#[test]
fn device_that_had_saved_its_request_asks_with_the_same() {
    let provisioning = unregistered(image(), Some(&record("u", "k", false)));
    assert_eq!(asked(&provisioning), ("u".to_owned(), "k".to_owned()));
}

#[test]
fn conflict_after_a_lost_answer_is_a_success_once_the_key_is_known() {
    for device_id in [Some(7), None] {
        let provisioning = after(
            unregistered(image(), Some(&record("u", "k", false))),
            [Heard::Conflict, Heard::Known { device_id }, Heard::Saved],
        );
        assert_eq!(provisioning.step(), Step::Done(known("u", "k", device_id, 100)));
    }
}

#[test]
fn conflict_with_another_device_draws_anew_only_what_was_drawn_here() {
    let refused = [Heard::Conflict, Heard::Unknown, Heard::ExchangeRefused];
    let mut provisioning =
        after(unregistered(image(), Some(&record("u", "k", false))), refused[..2].to_vec());
    assert_eq!(provisioning.heard(Heard::ExchangeRefused, 100, drawn(2)), Next::DrawnAnew);
    assert_eq!(provisioning.step(), Step::Save(record("uuid2", "key2", false)));
    assert_eq!(asked(&after(provisioning, [Heard::Saved])), ("uuid2".to_owned(), "key2".to_owned()));

    let named = DeviceConfig { uuid: Some("77cb".to_owned()), ..image() };
    let mut provisioning =
        after(unregistered(named, Some(&record("77cb", "k", false))), refused[..2].to_vec());
    assert_eq!(provisioning.heard(Heard::ExchangeRefused, 100, drawn(2)), Next::Later);
    assert_eq!(asked(&provisioning), ("77cb".to_owned(), "k".to_owned()));
}

#[test]
fn device_whose_config_has_both_keys_registers_with_its_own() {
    let both = config(r#"{"apiKey":"p","applicationId":1,"uuid":"77cb","deviceApiKey":"k"}"#);
    let provisioning = unregistered(both, None);
    assert_eq!(provisioning.step(), Step::Save(record("77cb", "k", false)));
    assert_eq!(asked(&after(provisioning, [Heard::Saved])), ("77cb".to_owned(), "k".to_owned()));
}

#[test]
fn device_that_was_registered_and_kept_both_keys_looks_itself_up_and_else_exchanges() {
    let both = config(
        r#"{"apiKey":"p","applicationId":1,"uuid":"77cb","deviceApiKey":"k","deviceId":7,"registered_at":9}"#,
    );
    let provisioning = after(unregistered(both, None), [Heard::Saved]);
    assert_eq!(provisioning.step(), Step::LookUp(record("77cb", "k", false)));
    let provisioning = after(provisioning, [Heard::Unknown]);
    assert!(matches!(provisioning.step(), Step::Exchange(_, _)));
    let provisioning = after(provisioning, [Heard::Exchanged { device_id: 7 }, Heard::Saved]);
    assert_eq!(provisioning.step(), Step::Done(known("77cb", "k", Some(7), 100)));
}

#[test]
fn device_that_moves_to_another_cloud_keeps_its_name_and_draws_a_key() {
    let elsewhere = Record { api_endpoint: "https://other.example.org".to_owned(), ..record("u", "k", true) };
    let provisioning = unregistered(image(), Some(&elsewhere));
    assert_eq!(provisioning.step(), Step::Save(record("u", "key1", false)));
    assert_eq!(begin(HERE, DeviceConfig::default(), Some(&elsewhere), drawn(1)), Standing::Lacking("apiKey"));
}

#[test]
fn device_without_what_registering_needs_says_what_it_lacks() {
    let lacking = |config| begin(HERE, config, None, drawn(1));
    assert_eq!(lacking(DeviceConfig::default()), Standing::Lacking("apiKey"));
    assert_eq!(lacking(config(r#"{"apiKey":"p","uuid":"77cb"}"#)), Standing::Lacking("applicationId"));
}

#[test]
fn device_without_a_type_takes_one_of_its_architecture() {
    let provisioning =
        unregistered(config(r#"{"apiKey":"p","applicationId":1}"#), Some(&record("u", "k", false)));
    assert!(matches!(provisioning.step(), Step::Register(r) if r.device_type == default_device_type()));
}

#[test]
fn what_does_not_belong_to_the_step_changes_nothing() {
    let waiting = unregistered(image(), Some(&record("u", "k", false)));
    let stray = [Heard::Saved, Heard::Unknown, Heard::ExchangeRefused, Heard::Known { device_id: Some(1) }];
    assert_eq!(after(waiting.clone(), stray), waiting);
}

/// A server and a disk, as far as one device changes them.
#[derive(Default)]
struct World {
    devices: Vec<(String, String)>,
    record: Option<Record>,
    draws: u8,
}

impl World {
    fn draw(&mut self) -> Drawn {
        self.draws += 1;
        drawn(self.draws)
    }

    fn start(&mut self) -> Provisioning {
        let drawn = self.draw();
        match begin(HERE, image(), self.record.as_ref(), drawn) {
            Standing::Unregistered(provisioning) => *provisioning,
            other => panic!("{other:?}"),
        }
    }

    /// Carries a step out, as the disk and the server of the contract do.
    fn act(&mut self, step: Step) -> Heard {
        match step {
            Step::Save(record) => {
                self.record = Some(record);
                Heard::Saved
            }
            Step::Register(request) if self.devices.iter().any(|(uuid, _)| *uuid == request.uuid) => {
                Heard::Conflict
            }
            Step::Register(request) => {
                self.devices.push((request.uuid, request.key.expose().to_owned()));
                Heard::Registered { device_id: self.devices.len() as u64, key: request.key }
            }
            Step::LookUp(record) => {
                let known =
                    |(uuid, key): &(String, String)| *uuid == record.uuid && key == record.key.expose();
                if self.devices.iter().any(known) { Heard::Known { device_id: None } } else { Heard::Unknown }
            }
            Step::Exchange(..) => Heard::ExchangeRefused,
            Step::Done(_) => panic!("done is no step"),
        }
    }
}

#[test]
fn crash_at_any_step_leaves_one_device_and_its_identity_on_disk() {
    // A crash comes after so many steps: before the next one, or after it was carried out and before that was noticed.
    for (steps, carried_out) in (0..4).flat_map(|steps| [(steps, false), (steps, true)]) {
        let mut world = World::default();
        let mut before = world.start();
        for _ in 0..steps {
            if matches!(before.step(), Step::Done(_)) {
                break;
            }
            let heard = world.act(before.step());
            before.heard(heard, 100, drawn(90));
        }
        if carried_out && !matches!(before.step(), Step::Done(_)) {
            world.act(before.step());
        }
        if world.record.as_ref().is_none_or(|record| record.registered.is_none()) {
            let mut after = world.start();
            while !matches!(after.step(), Step::Done(_)) {
                let heard = world.act(after.step());
                after.heard(heard, 200, drawn(91));
            }
        }
        let record = world.record.unwrap();
        assert!(record.registered.is_some());
        assert_eq!(world.devices, [(record.uuid, record.key.expose().to_owned())], "{steps} {carried_out}");
    }
}
