import { useEffect, useRef } from "react";

/** The field that a dialog is for: it has the focus when the dialog opens, its text selected to be typed over. */
export function useFirstField() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    // After the dialog has taken the focus for itself.
    const timer = setTimeout(() => {
      field.current?.focus();
      field.current?.select();
    });
    return () => { clearTimeout(timer); };
  }, []);
  return field;
}
