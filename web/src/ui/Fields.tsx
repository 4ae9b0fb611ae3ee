import type { ReactNode, Ref } from "react";
import { Button } from "react-aria-components/Button";
import { CheckboxButton, CheckboxField, type CheckboxFieldProps } from "react-aria-components/Checkbox";
import { FieldError } from "react-aria-components/FieldError";
import { Group } from "react-aria-components/Group";
import { Input } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { SearchField as AriaSearchField, type SearchFieldProps as AriaSearchFieldProps } from "react-aria-components/SearchField";
import { SwitchButton, SwitchField, type SwitchFieldProps } from "react-aria-components/Switch";
import { Text } from "react-aria-components/Text";
import { TextArea as AriaTextArea } from "react-aria-components/TextArea";
import { TextField as AriaTextField, type TextFieldProps as AriaTextFieldProps } from "react-aria-components/TextField";
import { Check, Minus, Search, X } from "lucide-react";
import styles from "./Field.module.css";
import { classes } from "./classes";

export interface FieldWords {
  label: string;
  /** Kept for screen readers, not shown. */
  hideLabel?: boolean;
  /** One short sentence below the field. */
  hint?: ReactNode;
  /** What is wrong with the value, shown beside the field. */
  error?: ReactNode;
}

/** Label above a control, as all fields have it. */
export function FieldLabel({ label, hide, required }: { label: string; hide?: boolean | undefined; required?: boolean | undefined }) {
  return (
    <Label className={hide ? "visually-hidden" : (styles.label ?? "")}>
      {label}
      {required ? <span className={styles.required}> (required)</span> : null}
    </Label>
  );
}

/** Hint and error below a control. */
export function FieldNotes({ hint, error }: { hint?: ReactNode; error?: ReactNode }) {
  return (
    <>
      {hint ? (
        <Text slot="description" className={styles.hint ?? ""}>
          {hint}
        </Text>
      ) : null}
      <FieldError className={styles.error ?? ""}>{error}</FieldError>
    </>
  );
}

const hasError = (error: ReactNode) => error !== undefined && error !== null && error !== "" && error !== false;

export interface TextFieldProps extends Omit<AriaTextFieldProps, "className" | "style" | "children">, FieldWords {
  placeholder?: string;
  size?: "m" | "s";
  inputRef?: Ref<HTMLInputElement>;
  mono?: boolean;
}

/** A line of text. `value`/`onChange` control it; `type`, `name`, `autoComplete`, `isRequired` as in React Aria. */
export function TextField({ label, hideLabel, hint, error, placeholder, size, inputRef, mono, ...rest }: TextFieldProps) {
  return (
    <AriaTextField {...rest} isInvalid={hasError(error)} className={classes(styles.field, size === "s" && styles.small)}>
      <FieldLabel label={label} hide={hideLabel} required={rest.isRequired} />
      <Input className={classes(styles.input, mono && "mono")} placeholder={placeholder ?? ""} {...(inputRef ? { ref: inputRef } : {})} />
      <FieldNotes hint={hint} error={error} />
    </AriaTextField>
  );
}

export interface TextAreaProps extends Omit<AriaTextFieldProps, "className" | "style" | "children" | "type">, FieldWords {
  placeholder?: string;
  rows?: number;
  mono?: boolean;
}

/** Several lines of text. */
export function TextArea({ label, hideLabel, hint, error, placeholder, rows = 4, mono, ...rest }: TextAreaProps) {
  return (
    <AriaTextField {...rest} isInvalid={hasError(error)} className={styles.field ?? ""}>
      <FieldLabel label={label} hide={hideLabel} required={rest.isRequired} />
      <AriaTextArea className={classes(styles.input, mono && "mono")} placeholder={placeholder ?? ""} rows={rows} />
      <FieldNotes hint={hint} error={error} />
    </AriaTextField>
  );
}

export interface SearchFieldProps extends Omit<AriaSearchFieldProps, "className" | "style" | "children">, FieldWords {
  placeholder?: string;
  size?: "m" | "s";
  inputRef?: Ref<HTMLInputElement>;
}

/** A search text with a button that clears it; Escape clears it too, `onSubmit` is Enter. Its label is hidden unless `hideLabel={false}`. */
export function SearchField({ label, hideLabel = true, hint, error, placeholder, size, inputRef, ...rest }: SearchFieldProps) {
  return (
    <AriaSearchField {...rest} isInvalid={hasError(error)} className={classes(styles.field, styles.search, size === "s" && styles.small)}>
      <FieldLabel label={label} hide={hideLabel} required={false} />
      <Group className={styles.group ?? ""} isInvalid={hasError(error)}>
        <Search aria-hidden="true" />
        <Input placeholder={placeholder ?? ""} {...(inputRef ? { ref: inputRef } : {})} />
        <Button className={styles.inside ?? ""} aria-label="Clear the search">
          <X aria-hidden="true" />
        </Button>
      </Group>
      <FieldNotes hint={hint} error={error} />
    </AriaSearchField>
  );
}

export interface CheckboxProps extends Omit<CheckboxFieldProps, "className" | "style" | "children"> {
  children?: ReactNode;
}

/** A box to tick, with its words beside it (or an aria-label). */
export function Checkbox({ children, ...rest }: CheckboxProps) {
  return (
    <CheckboxField {...rest} className={styles.checkField ?? ""}>
      <CheckboxButton className={styles.check ?? ""}>
        {({ isIndeterminate, isSelected }) => (
          <>
            <span className={styles.box} aria-hidden="true">
              {isIndeterminate ? <Minus /> : isSelected ? <Check /> : null}
            </span>
            {children === undefined ? null : <span>{children}</span>}
          </>
        )}
      </CheckboxButton>
    </CheckboxField>
  );
}

export interface SwitchProps extends Omit<SwitchFieldProps, "className" | "style" | "children"> {
  children: ReactNode;
}

/** A setting that takes effect at once. */
export function Switch({ children, ...rest }: SwitchProps) {
  return (
    <SwitchField {...rest} className={styles.checkField ?? ""}>
      <SwitchButton className={styles.check ?? ""}>
        <span className={styles.track} aria-hidden="true">
          <span className={styles.thumb} />
        </span>
        <span>{children}</span>
      </SwitchButton>
    </SwitchField>
  );
}
