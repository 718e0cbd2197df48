import '../kit/kit.css';
import './kiosk.css';
import './screens/door.css';
import './screens/screens.css';
import { mount } from '../kit/mount.tsx';
import { Kiosk } from './kiosk.tsx';

mount(<Kiosk />);
