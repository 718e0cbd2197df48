import '../kit/kit.css';
import './start.css';
import { mount } from '../kit/mount.tsx';
import { Start } from './start.tsx';

mount(<Start />);
