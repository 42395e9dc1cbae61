/** Where people say who they are. */
import { useEffect, useRef, useState } from "preact/hooks";
import { sendJson } from "./events.ts";

export function LogInPage({ onLogIn }: { readonly onLogIn: () => void }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string>();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const logIn = async (event: Event) => {
    event.preventDefault();
    setAsking(true);
    setProblem(undefined);
    try {
      await sendJson("POST", "api/log-in", { username, password });
      onLogIn();
    } catch (error) {
      setProblem((error as Error).message);
      setAsking(false);
    }
  };
  return (
    <form class="card log-in" onSubmit={logIn}>
      <h1>Log in</h1>
      <p class="quiet">With the user and the password that your meter publishes with.</p>
      <label>
        User
        <input
          ref={first}
          value={username}
          name="username"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          maxLength={256}
          required
          onInput={(event) => setUsername(event.currentTarget.value)}
        />
      </label>
      <label>
        Password
        <input
          type="password"
          value={password}
          name="password"
          autocomplete="current-password"
          maxLength={1024}
          required
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <div class="buttons">
        <button type="submit" class="main" disabled={isAsking}>Log in</button>
      </div>
      <p role="alert" class="problem">{problem}</p>
    </form>
  );
}
