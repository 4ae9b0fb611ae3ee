import { RadioButton, RadioField, RadioGroup } from "react-aria-components/RadioGroup";
import { Label } from "react-aria-components/Label";
import { useCommands } from "../app/commands";
import { prefer, usePreferences, type Preferences } from "../app/preferences";
import { Button, Section, Switch } from "../ui";
import styles from "./Account.module.css";

const themes: [Preferences["theme"], string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

/** What is set for this browser. */
export function PreferencesPart() {
  const { theme, shortcuts } = usePreferences();
  const { openShortcuts } = useCommands();
  return (
    <Section title="Preferences" about="Kept in this browser.">
      <div className="card stack">
        <RadioGroup className={styles.themes ?? ""} value={theme} onChange={(value) => prefer("theme", value as Preferences["theme"])}>
          <Label className={styles.label ?? ""}>Theme</Label>
          <div className={styles.radios}>
            {themes.map(([value, text]) => (
              <RadioField key={value} value={value}>
                <RadioButton className={styles.radio ?? ""}>
                  <span className={styles.dot} aria-hidden="true" />
                  {text}
                </RadioButton>
              </RadioField>
            ))}
          </div>
        </RadioGroup>
        <div>
          <Switch isSelected={shortcuts} onChange={(on) => prefer("shortcuts", on)}>
            Single-key shortcuts (<code>/</code>, <code>?</code>, <code>g</code> and a letter)
          </Switch>
        </div>
        <div>
          <Button size="s" onPress={openShortcuts}>
            Show all shortcuts
          </Button>
        </div>
      </div>
    </Section>
  );
}
