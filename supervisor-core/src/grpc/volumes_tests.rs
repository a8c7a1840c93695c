use super::*;

fn read(volumes: &[(&str, v1::Volume)]) -> Result<BTreeMap<VolumeName, Volume>, CoreError> {
    let wire = volumes.iter().map(|(name, volume)| ((*name).to_owned(), volume.clone())).collect();
    from_wire(AppId::new(7).unwrap(), wire)
}

fn one(volume: v1::Volume) -> Volume {
    read(&[("db", volume)]).unwrap().into_values().next().unwrap()
}

#[test]
fn volume_is_plain_external_or_with_options() {
    assert_eq!(one(v1::Volume::default()), Volume::Own);
    let external = v1::Volume { external: true, ..v1::Volume::default() };
    assert_eq!(one(external.clone()), Volume::External("db".to_owned()));
    let renamed = v1::Volume { external_name: "other".to_owned(), ..external };
    assert_eq!(one(renamed), Volume::External("other".to_owned()));
    let named = v1::Volume { name: "mine".to_owned(), ..v1::Volume::default() };
    let options = VolumeOptions { name: "mine".to_owned(), ..VolumeOptions::default() };
    assert_eq!(one(named), Volume::Configured(options));
}

#[test]
fn volume_that_is_not_acceptable_is_refused() {
    let pair = |name: &str, value: &str| HashMap::from([(name.to_owned(), value.to_owned())]);
    for bad in [
        v1::Volume { driver: "a\n".to_owned(), ..v1::Volume::default() },
        v1::Volume { driver_options: pair("o", "a\0"), ..v1::Volume::default() },
        v1::Volume { labels: pair("", "a"), ..v1::Volume::default() },
        v1::Volume { labels: pair("io.supervisor.instance", "a"), ..v1::Volume::default() },
    ] {
        let refused = read(&[("db", bad)]);
        assert!(
            matches!(&refused, Err(CoreError::InvalidField { field, .. }) if field == "volumes.db"),
            "{refused:?}"
        );
    }
    let named = v1::Volume { name: "../x".to_owned(), ..v1::Volume::default() };
    assert!(matches!(read(&[("db", named)]), Err(CoreError::InvalidId(_))));
}

#[test]
fn volumes_of_one_engine_name_are_refused() {
    let named = v1::Volume { name: "7_db".to_owned(), ..v1::Volume::default() };
    let refused = read(&[("db", v1::Volume::default()), ("other", named)]);
    assert!(matches!(refused, Err(CoreError::InvalidField { .. })), "{refused:?}");
}
