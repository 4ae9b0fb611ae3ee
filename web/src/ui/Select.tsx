import { useMemo, type ReactNode } from "react";
import { Button } from "react-aria-components/Button";
import { ComboBox as AriaComboBox } from "react-aria-components/ComboBox";
import { Group } from "react-aria-components/Group";
import { Input } from "react-aria-components/Input";
import { ListBox, ListBoxItem } from "react-aria-components/ListBox";
import { Popover } from "react-aria-components/Popover";
import { Select as AriaSelect, SelectValue } from "react-aria-components/Select";
import { Text } from "react-aria-components/Text";
import { Check, ChevronDown } from "lucide-react";
import styles from "./Field.module.css";
import popover from "./Popover.module.css";
import { classes } from "./classes";
import { FieldLabel, FieldNotes, type FieldWords } from "./Fields";

export interface Option {
  value: string;
  text: string;
  /** A second, quieter line. */
  what?: string | undefined;
  icon?: ReactNode;
  disabled?: boolean;
}

function OptionItem({ option }: { option: Option }) {
  return (
    <ListBoxItem id={option.value} textValue={option.text} className={popover.item ?? ""}>
      {option.icon}
      <span className={popover.words}>
        <Text slot="label">{option.text}</Text>
        {option.what ? (
          <Text slot="description" className={popover.what ?? ""}>
            {option.what}
          </Text>
        ) : null}
      </span>
      <Check className={popover.check} aria-hidden="true" />
    </ListBoxItem>
  );
}

const disabledOf = (options: readonly Option[]) => options.filter((o) => o.disabled).map((o) => o.value);

export interface SelectProps extends FieldWords {
  options: readonly Option[];
  value: string | null;
  onChange: (value: string) => void;
  placeholder?: string;
  size?: "m" | "s";
  isDisabled?: boolean;
  isRequired?: boolean;
  name?: string;
}

/** One of a short list; type-ahead and arrow keys as everywhere. */
export function Select({ label, hideLabel, hint, error, options, value, onChange, size, placeholder, ...rest }: SelectProps) {
  return (
    <AriaSelect
      {...rest}
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
      disabledKeys={disabledOf(options)}
      placeholder={placeholder ?? "Choose"}
      isInvalid={Boolean(error)}
      className={classes(styles.field, size === "s" && styles.small)}
    >
      <FieldLabel label={label} hide={hideLabel} required={rest.isRequired} />
      <Button className={classes(styles.input, styles.select)}>
        <SelectValue className={styles.value ?? ""}>
          {({ selectedText, isPlaceholder, defaultChildren }) => (isPlaceholder ? defaultChildren : selectedText)}
        </SelectValue>
        <ChevronDown aria-hidden="true" />
      </Button>
      <FieldNotes hint={hint} error={error} />
      <Popover className={popover.popover ?? ""} offset={4}>
        <ListBox className={popover.list ?? ""}>
          {options.map((option) => (
            <OptionItem key={option.value} option={option} />
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

export interface ComboBoxProps extends FieldWords {
  /** What can be chosen now; filter it by `input` yourself (or let the server do it): all of it is shown. */
  options: readonly Option[];
  value: string | null;
  onChange: (value: string | null) => void;
  input: string;
  onInputChange: (text: string) => void;
  placeholder?: string;
  /** Shown when there are no options, e.g. "Nobody has this name." */
  emptyText?: string;
  isLoading?: boolean;
  isDisabled?: boolean;
  allowsCustomValue?: boolean;
}

/** A text field with a list of what it could mean. */
export function ComboBox({ label, hideLabel, hint, error, options, value, onChange, input, onInputChange, placeholder, ...rest }: ComboBoxProps) {
  // React Aria tells items apart by their id.
  const items = useMemo(() => options.map((option) => ({ ...option, id: option.value })), [options]);
  const { emptyText = "Nothing found.", isLoading = false, isDisabled = false, allowsCustomValue = false } = rest;
  return (
    <AriaComboBox
      isDisabled={isDisabled}
      allowsCustomValue={allowsCustomValue}
      allowsEmptyCollection
      menuTrigger="focus"
      items={items}
      value={value}
      onChange={(key) => onChange(key === null ? null : String(key))}
      inputValue={input}
      onInputChange={onInputChange}
      disabledKeys={disabledOf(options)}
      isInvalid={Boolean(error)}
      className={styles.field ?? ""}
    >
      <FieldLabel label={label} hide={hideLabel} required={false} />
      <Group className={styles.group ?? ""}>
        <Input placeholder={placeholder ?? ""} />
        <Button className={styles.inside ?? ""}>
          <ChevronDown aria-hidden="true" />
        </Button>
      </Group>
      <FieldNotes hint={hint} error={error} />
      <Popover className={popover.popover ?? ""} offset={4}>
        <ListBox<Option & { id: string }> className={popover.list ?? ""} renderEmptyState={() => <div className={popover.empty}>{isLoading ? "Searching…" : emptyText}</div>}>
          {(option) => <OptionItem key={option.value} option={option} />}
        </ListBox>
      </Popover>
    </AriaComboBox>
  );
}
