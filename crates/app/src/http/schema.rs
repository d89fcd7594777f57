//! Holds the core's check of payloads to the sentences that clients of exports match on.

#[cfg(test)]
mod tests {
    use purser_core::api::{Property, Rule, Schema, Telling};
    use purser_core::json::RawJson;
    use serde_json::{Value, json};

    const ITEM: Schema = Schema {
        properties: &[Property::new("name", Rule::Text { min: 1, max: 5 }, "")],
        required: &["name"],
        advice: "",
    };
    const SCHEMA: Schema = Schema {
        properties: &[
            Property::new("format", Rule::Choice(&["csv"]), "Format of the file"),
            Property::new(
                "limit",
                Rule::Integer {
                    min: 1,
                    max: i64::MAX,
                },
                "Limit the number of records",
            ),
            Property::new(
                "fields",
                Rule::Array {
                    min: 0,
                    max: 2,
                    of: &Rule::Record(&ITEM),
                },
                "",
            ),
        ],
        required: &[],
        advice: "",
    };

    fn told(payload: Value) -> String {
        let told = SCHEMA.check(RawJson::trusted(&payload.to_string()), Telling::SchemaOrder);
        told.map_or_else(
            |refusal| refusal.message.replace("Payload validation error: ", ""),
            |()| "fine".to_owned(),
        )
    }

    #[test]
    fn problems_are_told_as_z_schema_does() {
        for (payload, expected) in [
            (json!({"limit": 5.0, "fields": [{"name": "email"}]}), "fine"),
            (
                json!({"foo": 1, "bar": 2}),
                "'Additional properties not allowed: foo,bar'.",
            ),
            (
                json!({"format": "xml"}),
                "'No enum match for: xml' on property format (Format of the file).",
            ),
            (
                json!({"limit": 0}),
                "'Value 0 is less than minimum 1' on property limit (Limit the number of records).",
            ),
            (
                json!({"limit": "1"}),
                "'Expected type integer but found type string' on property limit (Limit the number of records).",
            ),
            (
                json!({"fields": [{}]}),
                "'Missing required property: name' on property fields[0].",
            ),
            (
                json!({"fields": [{"name": "toolong"}]}),
                "'String is too long (7 chars), maximum 5' on property fields[0].name.",
            ),
            (
                json!({"fields": [1, 2, 3]}),
                "'Array is too long (3), maximum 2' on property fields.",
            ),
            (
                json!({"limit": null}),
                "'Expected type integer but found type null' on property limit (Limit the number of records).",
            ),
        ] {
            assert_eq!(told(payload), expected);
        }
    }
}
