//! What a Maven project file says of the artifact that it comes with.

use quick_xml::Reader;
use quick_xml::events::Event;

/// An artifact's coordinates.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pom {
    pub group_id: Option<String>,
    pub artifact_id: Option<String>,
    pub version: Option<String>,
}

impl Pom {
    fn field(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "groupId" => Some(&mut self.group_id),
            "artifactId" => Some(&mut self.artifact_id),
            "version" => Some(&mut self.version),
            _ => None,
        }
    }
}

/// Reads the coordinates, those of the parent where the project has none; the error says why it is no XML.
pub(super) fn read(text: &[u8]) -> Result<Pom, String> {
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader::from_str(&text);
    let (mut own, mut parent) = (Pom::default(), Pom::default());
    let mut path: Vec<String> = Vec::new();
    let mut content = String::new();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(tag) => {
                path.push(tag.name().as_ref().to_owned());
                content.clear();
            }
            Event::Text(part) => content.push_str(&part),
            Event::CData(part) => content.push_str(&part),
            // an entity that nobody defined stands for one character
            Event::GeneralRef(entity) => match entity.resolve_char_ref() {
                Ok(Some(char)) => content.push(char),
                _ => content.push_str(match &*entity {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "?",
                }),
            },
            Event::End(_) => {
                let parts: Vec<&str> = path.iter().map(String::as_str).collect();
                let place = match parts.as_slice() {
                    ["project", name] => own.field(name),
                    [_, "parent", name] => parent.field(name),
                    _ => None,
                };
                if let Some(place) = place {
                    *place = Some(content.trim().to_owned());
                }
                path.pop();
                content.clear();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !path.is_empty() {
        return Err("the document ends early".into());
    }
    Ok(Pom {
        group_id: own.group_id.or(parent.group_id),
        artifact_id: own.artifact_id.or(parent.artifact_id),
        version: own.version.or(parent.version),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_come_from_the_project_or_its_parent() {
        let pom = read(
            b"<?xml version='1.0'?><!DOCTYPE project><project xmlns='x'><parent><groupId>org.x</groupId>
              <version>3</version></parent><!-- a --><artifactId> a&amp;b&oacute; </artifactId><version>4</version>
              <dependencies><dependency><version>9</version></dependency></dependencies></project>",
        );
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(pom.unwrap(), Pom { group_id: text("org.x"), artifact_id: text("a&b?"), version: text("4") });
        assert_eq!(read(b"").unwrap(), Pom::default());
        assert!(read(b"<project><a></b></project>").is_err());
        assert!(read(b"<project><version>1").is_err());
    }
}
